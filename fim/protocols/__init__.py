"""The protocols of other tools' clients."""
