module guest-abi-go

go 1.24
