def compile_conversion(compiler, schemas):
    return None
