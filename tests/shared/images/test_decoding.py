"""Photos are read as they are looked at; what is no photo says so, and never crashes."""

import contextlib
import io
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from shared.images.decoding import PhotoError, decode, decode_mask, encode_jpeg, encode_png, look

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (20, 31), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (20, 31, 3), dtype=np.uint8)


def saved(image, format="PNG", **options):
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_photos_come_back_pixel_by_pixel(format):
    options = {"lossless": True} if format == "WEBP" else {}
    np.testing.assert_array_equal(decode(saved(COLOUR, format, **options)), COLOUR)
    if format != "WEBP":
        np.testing.assert_array_equal(decode(saved(GREY, format)), GREY[..., None])
    facts = look(saved(COLOUR, format, **options))
    assert (facts.width, facts.height, facts.channels, facts.depth, facts.format) == (31, 20, 3, 8, format)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_orientation_is_applied_as_pillow_applies_it(orientation, format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(COLOUR, format, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    np.testing.assert_array_equal(decode(data), expected)
    facts = look(data)
    assert (facts.height, facts.width) == expected.shape[:2] == ((31, 20) if orientation > 4 else (20, 31))


def test_one_bit_is_black_and_white():
    data = saved(Image.fromarray(GREY > 100))
    np.testing.assert_array_equal(decode(data)[..., 0], np.where(GREY > 100, 255, 0))
    assert look(data).depth == 1


def test_palettes_become_colours_and_transparency_is_dropped():
    palette = Image.fromarray(COLOUR).quantize(16)
    expected = np.asarray(palette.convert("RGB"))
    np.testing.assert_array_equal(decode(saved(palette)), expected)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(decode(saved(palette, transparency=bytes(range(16)))), expected)
    alpha = np.dstack([COLOUR, RNG.integers(0, 256, (20, 31), dtype=np.uint8)])
    np.testing.assert_array_equal(decode(saved(alpha)), COLOUR)
    grey = Image.merge("LA", [Image.fromarray(GREY), Image.fromarray(alpha[..., 3])])
    np.testing.assert_array_equal(decode(saved(grey))[..., 0], GREY)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bits_keep_their_depth(format, order):
    deep = RNG.integers(0, 65536, (9, 7), dtype=np.uint16)
    deep[0, :2] = 0, 65535
    if format == "PNG":
        data = saved(Image.fromarray(deep), format)
    else:
        data = saved(
            Image.frombytes("I;16B" if order == ">" else "I;16", (7, 9), deep.astype(f"{order}u2").tobytes()),
            format,
        )
    photo = decode(data)
    assert photo.dtype == np.float32 and photo.min() == 0 and photo.max() == 255 and look(data).depth == 16
    np.testing.assert_array_equal((photo[..., 0] * 257).round(), deep)
    assert decode(data, channels=3).shape == (9, 7, 3)


def test_channels_follow_itu_601_and_repetition():
    luma = COLOUR @ np.array([0.299, 0.587, 0.114])
    assert np.abs(decode(saved(COLOUR), channels=1)[..., 0] - luma).max() <= 1
    np.testing.assert_array_equal(decode(saved(GREY), channels=3), np.repeat(GREY[..., None], 3, axis=-1))


@pytest.mark.parametrize("size", [(800, 1200), (1200, 500), (130, 130)])
@pytest.mark.parametrize("side", [64, 100])
def test_a_jpeg_for_a_small_side_is_decoded_smaller_but_never_below_it(size, side):
    ramp = np.linspace(0, 255, size[0] * size[1]).reshape(size).astype(np.uint8)
    data = encode_jpeg(ramp)
    small = decode(data, side=side)
    assert min(small.shape[:2]) >= side
    factor = round(size[0] / small.shape[0])
    assert factor in (1, 2, 4, 8) and (factor == 8 or min(size) // (2 * factor) < side)
    assert decode(data).shape == (*size, 1) and decode(encode_png(ramp), side=side).shape == (*size, 1)


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (b"", "empty", "zero bytes"),
        (b"hello, I am a text", "no photo", "no picture"),
        (b"<html>not found</html>", "no photo", "failed download"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "no photo", "HEIC"),
        (bytes(128) + b"DICM" + bytes(9), "no photo", "DICOM"),
        (saved(Image.fromarray(COLOUR).convert("CMYK"), "JPEG"), "colours", "CMYK. Convert it to RGB"),
        (saved(Image.fromarray(GREY.astype(np.float32)), "TIFF"), "colours", "8 or 16 bits"),
        (saved(Image.fromarray(GREY.astype(np.int32) * 1000), "TIFF"), "colours", "0 to 65535"),
    ],
)
def test_what_is_no_photo_says_what_it_is_and_the_way_out(data, kind, text):
    with pytest.raises(PhotoError, match=text) as error:
        decode(data)
    assert error.value.kind == kind


@pytest.mark.parametrize("format", ["PNG", "JPEG", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_photos_that_are_cut_off_are_refused(format, share):
    data = saved(RNG.integers(0, 256, (80, 90, 3), dtype=np.uint8), format)
    with pytest.raises(PhotoError):
        decode(data[: int(len(data) * share)])


def test_too_many_pixels_are_refused_by_the_header_alone():
    header = bytearray(saved(GREY))[:33]  # signature and IHDR, no pixels
    header[16:24] = (100_000).to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    data = bytes(header) + saved(GREY)[33:]
    with pytest.raises(PhotoError, match=r"100,000 x 100,000 pixels, more than 60 million.*most_megapixels"):
        decode(data)
    assert look(data).width == 100_000


def test_the_limit_of_pillow_does_not_interfere(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(saved(COLOUR)).shape == COLOUR.shape
        assert Image.MAX_IMAGE_PIXELS == 10
    with pytest.raises(PhotoError, match="more than"):
        decode(saved(COLOUR), most_pixels=619)
    assert decode(saved(COLOUR), most_pixels=620).shape == COLOUR.shape


def test_of_several_frames_the_first_is_read():
    frames = [Image.fromarray(np.full((5, 6), value, np.uint8)) for value in (10, 200)]
    data = saved(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert look(data).frames == 2 and (decode(data) == 10).all()


def test_masks_count_what_is_brighter_than_half():
    soft = np.array([[0, 127, 128, 255]], np.uint8)
    assert decode_mask(encode_png(soft)).tolist() == [[False, False, True, True]]
    assert decode_mask(encode_png(soft > 127)).tolist() == [[False, False, True, True]]
    red = np.zeros((1, 4, 3), np.uint8)
    red[0, 1] = 255, 0, 0
    assert decode_mask(encode_png(red)).tolist() == [[False, True, False, False]]
    numbers = np.array([[0, 1, 3]], np.uint8)
    assert decode_mask(encode_png(numbers)).tolist() == [[False, True, True]]
    assert not decode_mask(encode_png(np.zeros((4, 4), np.uint8))).any()
    noise = np.full((16, 16), 3, np.uint8)
    assert not decode_mask(encode_jpeg(noise)).any()


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_bytes_are_a_photo_or_a_photo_error(data):
    format = data.draw(st.sampled_from(["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF"]))
    photo = bytearray(saved(COLOUR, format))
    for _ in range(data.draw(st.integers(1, 6))):
        photo[data.draw(st.integers(0, len(photo) - 1))] = data.draw(st.integers(0, 255))
    for read in (decode, look, decode_mask):
        with contextlib.suppress(PhotoError):
            read(bytes(photo), **({} if read is look else {"most_pixels": 100_000}))


def test_threads_decode_alike():
    data = [saved(RNG.integers(0, 256, (40, 30 + at), dtype=np.uint8), "PNG") for at in range(20)]
    expected = [decode(each) for each in data]
    with ThreadPoolExecutor(8) as pool:
        for found, known in zip(pool.map(decode, data * 3), expected * 3):
            np.testing.assert_array_equal(found, known)
