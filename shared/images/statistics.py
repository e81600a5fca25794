"""Photos as a few dozen numbers: what simple rivals read, and what a plot of drift can show."""

import numpy as np

SMALLEST = 16  # pixels; smaller photos are continued at their edges, so that each number is defined
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
SCALES = (1, 2, 4)  # pixels that are averaged before gradients are taken
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
FAR = 3.0  # robust standard deviations from the median at which a pixel is very dark or very bright


def image_statistics(photo: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Simple numbers of one photo: tone, gradients, contrast in places, stripes, specks, colour.

    - Tone: mean, standard deviation, quantiles, skewness and excess kurtosis of the luma.
    - Gradients: mean square and 99 % quantile of their length, after averaging of 1, 2 and 4 pixels a side.
    - Contrast in places: standard deviation in blocks of a twelfth of the shorter side; largest, median,
      smallest, largest over median.
    - Stripes: standard deviation and largest deviation from their median, of the means of rows and of columns.
    - Specks: extremes (.1 and 99.9 %) and spread of the Laplacian, shares of pixels over 3 robust standard
      deviations darker or brighter than the median.
    - Colour: mean and standard deviation of the range over the channels, 0 of a grey photo.

    Args:
        photo: `(height, width, channels)`, 1 or 3 channels, 0..255, uint8 or float.
    Returns:
        Names, the same for each photo, and their values, float32, finite also for a photo of one tone.
    Raises:
        ValueError: If the photo has another shape.
    Example:
        >>> names, values = image_statistics(np.full((20, 30, 1), 7, np.uint8))
        >>> len(names), float(values[names.index("mean")]), float(values[names.index("skewness")])
        (32, 7.0, 0.0)
    """
    grey = _luma(photo)
    short = [(0, max(0, SMALLEST - side)) for side in grey.shape]
    grey = np.pad(grey, short, mode="edge")
    numbers = _tone(grey) | _gradients(grey) | _places(grey) | _stripes(grey) | _specks(grey) | _colour(photo)
    return list(numbers), np.array(list(numbers.values()), np.float32)


def hog_features(photo: np.ndarray, *, side: int = 128) -> np.ndarray:
    """Histograms of oriented gradients: 9 directions, cells of 16 x 16 pixels, blocks of 2 x 2 cells.

    Args:
        photo: `(height, width, channels)`, 1 or 3 channels, 0..255; it is stretched to a square first.
        side: Pixels of that square.
    Output shape: `((side // 16 - 1) ** 2 * 36,)`, float32.
    Raises:
        ValueError: If the photo has another shape, or `side` is below 32: no block fits.
    Reference:
        Dalal & Triggs, Histograms of oriented gradients for human detection, CVPR 2005, section 6
    Example:
        >>> hog_features(np.zeros((50, 40, 3), np.uint8)).shape
        (1764,)
    """
    from PIL import Image
    from skimage.feature import hog

    if side < 32:
        raise ValueError(f"side must be at least 32, two cells of 16 pixels, found {side}")
    square = Image.fromarray(_luma(photo)).resize((side, side), Image.Resampling.BILINEAR)
    found = hog(np.asarray(square), orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2))
    return found.astype(np.float32)


def _luma(photo: np.ndarray) -> np.ndarray:
    """`(height, width)`, float32."""
    photo = np.asarray(photo)
    if photo.ndim != 3 or photo.shape[2] not in (1, 3) or 0 in photo.shape:
        raise ValueError(f"a photo must be (height, width, 1 or 3 channels), found {photo.shape}")
    photo = photo.astype(np.float32)
    return photo[..., 0] if photo.shape[2] == 1 else photo @ np.array(LUMA, np.float32)


def _tone(grey: np.ndarray) -> dict[str, float]:
    # Moments in double precision: the spread of a photo of one tone would else be its rounding error.
    away = grey.astype(np.float64) - grey.mean(dtype=np.float64)
    spread = float(np.sqrt(np.square(away).mean()))
    normed = away / spread if spread > 1e-3 else np.zeros_like(away)
    square = normed * normed
    numbers = {"mean": float(grey.mean(dtype=np.float64)), "std": spread}
    levels = np.quantile(grey, QUANTILES)
    numbers |= {f"quantile_{round(100 * at):02d}": value for at, value in zip(QUANTILES, levels)}
    numbers["skewness"] = (square * normed).mean()
    numbers["kurtosis"] = (square * square).mean() - 3 if spread > 1e-3 else 0.0
    return numbers


def _gradients(grey: np.ndarray) -> dict[str, float]:
    numbers = {}
    for scale in SCALES:
        down, along = np.gradient(_averaged(grey, scale))
        square = down * down + along * along
        numbers[f"gradient_energy_{scale}"] = square.mean()
        numbers[f"gradient_high_{scale}"] = np.sqrt(np.quantile(square, 0.99))
    return numbers


def _averaged(grey: np.ndarray, scale: int) -> np.ndarray:
    """Means of squares of `scale` pixels; what is left over at the right and lower edge is cut off."""
    height, width = (side // scale for side in grey.shape)
    cut = grey[: height * scale, : width * scale]
    return cut.reshape(height, scale, width, scale).mean(axis=(1, 3))


def _places(grey: np.ndarray) -> dict[str, float]:
    side = max(4, min(grey.shape) // 12)
    mean = _averaged(grey, side)
    square = _averaged(grey * grey, side)
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    median = np.median(spread)
    return {
        "block_std_max": spread.max(),
        "block_std_median": median,
        "block_std_min": spread.min(),
        "block_std_ratio": spread.max() / max(median, 1.0),  # below one grey level, a ratio says nothing
    }


def _stripes(grey: np.ndarray) -> dict[str, float]:
    numbers = {}
    for name, axis in (("row", 1), ("column", 0)):
        profile = grey.mean(axis=axis, dtype=np.float64)
        numbers[f"{name}_std"] = profile.std()
        numbers[f"{name}_deviation"] = np.abs(profile - np.median(profile)).max()
    return numbers


def _specks(grey: np.ndarray) -> dict[str, float]:
    from scipy.ndimage import laplace

    edges = laplace(grey)
    low, high = np.quantile(edges, (0.001, 0.999))
    median = np.median(grey)
    spread = 1.4826 * np.median(np.abs(grey - median))  # of a normal distribution, its standard deviation
    far = FAR * max(float(spread), 1.0)
    return {
        "laplacian_low": low,
        "laplacian_high": high,
        "laplacian_std": edges.std(dtype=np.float64),
        "share_dark": (grey < median - far).mean(),
        "share_bright": (grey > median + far).mean(),
    }


def _colour(photo: np.ndarray) -> dict[str, float]:
    span = np.asarray(photo, np.float32)
    span = span.max(axis=2) - span.min(axis=2)
    return {"colour_mean": span.mean(dtype=np.float64), "colour_std": span.std(dtype=np.float64)}
