module @NAME@

go 1.24

require wasmbpf v0.0.0

replace wasmbpf => ./wasmbpf
