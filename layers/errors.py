"""The errors of the layer package: one base class and a few names, each with a stable code."""

from __future__ import annotations

from typing import ClassVar


class LayerError(Exception):
    """A layer, a text or an export can't be made from what was given."""

    code: ClassVar[str] = "layer_error"


class TextError(LayerError):
    """The text catalogue is at fault, or a text was asked for that it does not have."""

    code = "text_error"


class CrsError(LayerError):
    """A frame without a CRS, or in one that the format can't carry; nothing is guessed."""

    code = "crs_refused"


class ExportError(LayerError):
    """A format, a column or a layer name that the export does not know."""

    code = "export_refused"


class ClassifyError(LayerError, ValueError):
    """Values or options that no classification can be made from."""

    code = "classify_refused"


class PaletteError(LayerError):
    """A palette that is not known, or more colours than it has."""

    code = "palette_refused"


class ViewError(LayerError):
    """A view asks for a picture that does not exist; the message lists every fault."""

    code = "view_refused"


class PlaceError(LayerError):
    """A place that is not on file."""

    code = "unknown_place"
