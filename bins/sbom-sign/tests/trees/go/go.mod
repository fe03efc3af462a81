module example.com/fixture/app

go 1.24

require (
	github.com/BurntSushi/toml v1.4.0
	github.com/spf13/pflag v1.0.5
	golang.org/x/text v0.21.0
)
