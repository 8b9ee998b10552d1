"""The project: settings, urls, what the apps share. A release changes VERSION and CHANGELOG.md."""

VERSION = "0.1.0"
