module wasi-suite-go

go 1.24
