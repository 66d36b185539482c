"""The compiler of kind files: a terse notation in, CustomResourceDefinitions out.

notation    one type line, such as `string 1..63 = the cluster this belongs to`
files       reading kind files, and finding named types across the files that they use
schema      type definitions to structural schemas, for one version
crd         a kind to its CustomResourceDefinition
steps       conversion steps: their notation and their compiled form
shapes      what the schemas of two versions say about a conversion between them
cli         the command line
"""
