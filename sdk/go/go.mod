module wasmbpf

go 1.24
