"""The `--config` option that most commands take."""

import argparse
import sys

from fim.agent.config.file import Config, ConfigError, load

DEFAULT_PATH = "/etc/picket/agent.toml"
# AIDE's code for a configuration that cannot be used, aide(1).
EXIT_BAD_CONFIG = 17


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", default=DEFAULT_PATH, metavar="FILE", help=f"default: {DEFAULT_PATH}"
    )


def configured(options: argparse.Namespace) -> Config:
    """Read the configuration; end the process with what is wrong in it."""
    try:
        config = load(options.config)
    except ConfigError as exc:
        sys.stderr.write(f"{exc}\n")
        sys.exit(EXIT_BAD_CONFIG)
    for warning in config.warnings:
        sys.stderr.write(f"{warning}\n")
    return config
