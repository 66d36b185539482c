// The apiload: a load client for Kubernetes API servers, used by bench/.
module capstan.tools/apiload

go 1.21
