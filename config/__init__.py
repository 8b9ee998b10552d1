"""What holds the apps together. Whoever cuts a release changes VERSION and CHANGELOG.md."""

VERSION = "0.1.0"
