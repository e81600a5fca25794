"""The bytes of a photo file to an array, or what is wrong with them and the way out."""

import io
import threading
from dataclasses import dataclass

import numpy as np

FORMATS = ("PNG", "JPEG", "BMP", "DIB", "TIFF", "WEBP", "GIF", "PPM")
MOST_PIXELS = 60_000_000
ORIENTATION = 0x0112  # EXIF tag
TURNED = (5, 6, 7, 8)  # orientations that swap width and height
KEPT = (1, 5)  # orientations that keep the first pixel first
CHANNELS = {"1": 1, "L": 1, "LA": 1, "La": 1, "I": 1, "F": 1, "RGB": 3, "RGBA": 3, "P": 3}
LOSSY = ("JPEG", "WEBP")
MOST_CLASSES = 32  # a lossless mask without a brighter value holds numbers of classes
OTHER_FILES = {
    b"%PDF": "a PDF. Export its picture as PNG",
    b"PK\x03\x04": "a zip archive. Unpack it",
    b"8BPS": "a Photoshop file. Export it as PNG",
    b"<": "HTML or SVG text, such as the page of a failed download. Fetch the photo again",
}
_OPENING = threading.Lock()


class PhotoError(ValueError):
    """What is wrong with a photo, and the way out.

    Args:
        text: Follows the file's name, such as `has zero bytes. Transfer it again`.
        kind: One of `empty`, `no decoder`, `no photo`, `damaged`, `colours`, `pixels`.
    """

    def __init__(self, text: str, *, kind: str = "damaged"):
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True)
class PhotoFacts:
    """What the header of a photo says.

    Args:
        width, height: Pixels, as the photo is looked at (EXIF orientation applied).
        channels: 1 for grey, 3 for colours.
        depth: Bits a channel: 1, 8 or 16.
        format: Such as `PNG`, whatever the file's name.
        frames: Pictures in the file; only the first is read.
    """

    width: int
    height: int
    channels: int
    depth: int
    format: str
    frames: int = 1


def _opened(data: bytes):
    """The photo with only its header read."""
    try:
        from PIL import Image
    except ImportError:
        text = "needs the package `pillow` to be decoded: pip install pillow, or give its pixels"
        raise PhotoError(text, kind="no decoder") from None
    if not data:
        raise PhotoError("has zero bytes. Transfer it again", kind="empty")
    try:
        with _OPENING:  # Pillow's own limit warns or raises by a global; `most_pixels` stands for it
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                return Image.open(io.BytesIO(data), formats=FORMATS)
            finally:
                Image.MAX_IMAGE_PIXELS = limit
    except Image.UnidentifiedImageError:
        raise PhotoError(_stranger(data), kind="no photo") from None
    except Exception:  # decoders raise all sorts of errors on damaged files
        raise PhotoError("is damaged or cut off. Transfer it again") from None


def _stranger(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        kind = "HEIC" if data[8:11] in (b"hei", b"hev", b"mif", b"msf") else "a film or AVIF"
        return f"is {kind}, which is not read. Export it as JPEG or PNG"
    if data[128:132] == b"DICM":
        return "is DICOM, which is not read. Export it as 16-bit PNG"
    what = next((what for start, what in OTHER_FILES.items() if data.lstrip().startswith(start)), None)
    if what:
        return f"is {what}"
    return "is no picture, or its first bytes are lost. Expected PNG, JPEG, BMP, TIFF or WebP"


def _orientation(image) -> int:
    """As EXIF says, from 1; Pillow turns TIFF by itself."""
    if image.format == "TIFF":
        return 1
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF spoils no photo
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def look(data: bytes) -> PhotoFacts:
    """What the header says; pixels are not decoded.

    Raises:
        PhotoError: If it is no photo.
    Example:
        >>> look(encode_png(np.zeros((4, 6, 3), np.uint8)))
        PhotoFacts(width=6, height=4, channels=3, depth=8, format='PNG', frames=1)
    """
    image = _opened(data)
    width, height = image.size[::-1] if _orientation(image) in TURNED else image.size
    depth = 16 if image.mode == "I" or image.mode.startswith("I;16") else 1 if image.mode == "1" else 8
    channels = CHANNELS.get(image.mode.split(";")[0], 3)
    format = {"MPO": "JPEG", "DIB": "BMP"}.get(image.format, image.format)
    return PhotoFacts(width, height, channels, depth, format, 1 if format == "JPEG" else _frames(image))


def _frames(image) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # a damaged later frame: only the first is read
        return 1


def decode(
    data: bytes,
    *,
    channels: int | None = None,
    most_pixels: int | None = MOST_PIXELS,
    side: int | None = None,
) -> np.ndarray:
    """The pixels of a photo, `(height, width, channels)`, uint8; of 16-bit photos float32 from 0 to 255.

    The content decides what it is, not the file's name. EXIF orientation is applied. Palettes become colours;
    of pictures with transparency the colours are kept and the transparency dropped. 16-bit grey is divided by 257;
    16-bit colours are read at 8 bits. Of several frames the first is read. Safe in threads.

    Args:
        data: The file's bytes.
        channels: 1: ITU-R 601 luma; 3: grey is repeated; None: as in the file.
        most_pixels: Larger photos are refused by their header, before they are decoded; None: no limit.
        side: A large JPEG is decoded at 1/2, 1/4 or 1/8, which is faster, if neither side falls below it; not one
            that is turned, whose first pixel would then stand for a part of one.
    Raises:
        PhotoError: If it is no photo, damaged, too large, or in colours that are not read.
    Example:
        >>> decode(encode_png(np.full((2, 3), 7, np.uint8)), channels=3).shape
        (2, 3, 3)
    """
    from PIL import Image

    image = _opened(data)
    _refuse(image, most_pixels)
    try:
        orientation = _orientation(image)
        if side is not None and orientation in KEPT:
            image.draft(None, (side, side))
        image.load()
        image.info.pop("transparency", None)
        if orientation != 1:
            image = image.transpose(_turns(Image)[orientation])
        return _pixels(image, channels)
    except PhotoError:
        raise
    except MemoryError:
        raise PhotoError("needs more memory than there is", kind="pixels") from None
    except Exception:  # decoders raise all sorts of errors on damaged files
        raise PhotoError("is damaged or cut off. Transfer it again") from None


def _refuse(image, most_pixels: int | None) -> None:
    """What its header alone rules out."""
    width, height = image.size
    if most_pixels is not None and width * height > most_pixels:
        raise PhotoError(
            f"has {width:,} x {height:,} pixels, more than {most_pixels / 1e6:g} million. "
            "Shrink it, or raise most_megapixels under [settings]",
            kind="pixels",
        )
    if image.mode in ("CMYK", "F", "LAB", "HSV"):
        what = {"F": "holds numbers with a decimal point. Save it with 8 or 16 bits"}
        raise PhotoError(what.get(image.mode, f"is {image.mode}. Convert it to RGB"), kind="colours")


def _turns(image) -> dict:
    """What undoes each EXIF orientation, EXIF 2.32, section 4.6.4."""
    turn = image.Transpose
    names = (turn.FLIP_LEFT_RIGHT, turn.ROTATE_180, turn.FLIP_TOP_BOTTOM, turn.TRANSPOSE)
    return dict(enumerate((*names, turn.ROTATE_270, turn.TRANSVERSE, turn.ROTATE_90), start=2))


def _pixels(image, channels: int | None) -> np.ndarray:
    if image.mode == "I" or image.mode.startswith("I;16"):
        values = np.asarray(image)
        if values.size and (values.min() < 0 or values.max() > 65535):
            raise PhotoError("holds numbers outside 0 to 65535. Save it with 8 or 16 bits", kind="colours")
        values = (values.astype(np.float32) / 257.0)[..., None]
        return np.repeat(values, 3, axis=-1) if channels == 3 else values
    mode = "L" if CHANNELS.get(image.mode, 3) == 1 else "RGB"
    if mode != image.mode:
        image = image.convert(mode)
    if channels == 1 and mode == "RGB":
        image = image.convert("L")
    pixels = np.array(image)
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    return np.repeat(pixels, 3, axis=-1) if channels == 3 and pixels.shape[-1] == 1 else pixels


def in_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Pixels `(height, width, 1 or 3)` as `decode` gives those of a file: grey is repeated, colours become luma.

    Args:
        pixels: uint8, or uint16 of grey photos, which becomes float32 from 0 to 255.
        channels: 1 or 3.
    Example:
        >>> in_channels(np.array([[[255, 0, 0]]], np.uint8), 1).tolist()
        [[[76]]]
    """
    if pixels.dtype == np.uint16:
        pixels = pixels.astype(np.float32) / np.float32(257)
    if pixels.shape[-1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    luma = pixels.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)  # as Pillow rounds
    return ((luma + 0x8000) >> 16).astype(np.uint8)[..., None]


def decode_mask(data: bytes, *, most_pixels: int | None = MOST_PIXELS) -> np.ndarray:
    """Where the defect is: bool `(height, width)`.

    What is brighter than half of white counts, in any channel, so that smoothed edges stay in place. A lossless
    file without any value from 32 on holds numbers of classes: there all above 0 counts.

    Raises:
        PhotoError: As `decode`.
    """
    values = decode(data, most_pixels=most_pixels).max(axis=-1)
    if values.size and values.max() < MOST_CLASSES and look(data).format not in LOSSY:
        return values > 0
    return values > 127.5


def encode_png(array: np.ndarray) -> bytes:
    """A photo or mask as PNG: uint8 `(h, w)` or `(h, w, channels)`; bool becomes 0 and 255."""
    return _encoded(array, "PNG")


def encode_jpeg(array: np.ndarray, quality: int = 80) -> bytes:
    """A photo as JPEG, as `encode_png`.

    Args:
        quality: 1 to 95.
    """
    return _encoded(array, "JPEG", quality=quality)


def _encoded(array: np.ndarray, format: str, **options) -> bytes:
    from PIL import Image

    array = np.asarray(array)
    if array.dtype == bool:
        array = array * np.uint8(255)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    out = io.BytesIO()
    Image.fromarray(np.clip(array, 0, 255).astype(np.uint8)).save(out, format, **options)
    return out.getvalue()
