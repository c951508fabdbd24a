"""Folders and archives of images: what is odd is handled, what is bad is refused, nothing is written elsewhere."""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dnag.archives import LIMITS, ArchiveLimits
from dnag.datasets.base import DatasetError
from dnag.datasets.images import ImageLimits, read_images
from tests.datasets.conftest import picture


def png(seed: int = 0, **options) -> bytes:
    file = io.BytesIO()
    picture(seed, **options).save(file, "PNG")
    return file.getvalue()


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


GOOD = {"cat/1.png": png(1), "cat/2.png": png(2), "dog/1.png": png(3)}


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# ------------------------------------------------------------------------------------------------------------- layouts


def test_a_folder_of_classes(make_folder):
    images = read_images(make_folder({"dog": 21, "cat": 20}))
    assert images.name == "pictures"
    assert images.class_names == ("cat", "dog")
    assert images.counts == (20, 21)
    assert images.warnings == ()
    pixels = images.pixels(0, 3, 24)
    assert pixels.shape == (24, 24, 3) and pixels.dtype == np.uint8
    assert (pixels == np.asarray(picture(1003))).all()


def test_a_zip_is_the_same_as_its_folder(make_folder, tmp_path):
    folder = make_folder({"dog": 3, "cat": 2})
    archive = Path(shutil.make_archive(str(tmp_path / "set"), "zip", folder.parent, folder.name))
    before = files_below(tmp_path)
    images, plain = read_images(archive, work=tmp_path / "work"), read_images(folder)
    assert (images.name, images.class_names, images.counts) == ("set", plain.class_names, plain.counts)
    assert (images.pixels(1, 0, 8) == plain.pixels(1, 0, 8)).all()
    assert all(name.startswith("work/") for name in files_below(tmp_path) - before)


def test_images_alone_are_one_class(make_folder):
    folder = make_folder({"cat": 2})
    images = read_images(folder / "cat")
    assert images.class_names == ("cat",)
    assert images.warnings[0] == "one class only: nothing to tell apart"
    assert "fewer than 20 images" in images.warnings[1]
    assert read_images(folder).class_names == ("cat",)


def test_folders_around_and_below_the_classes(tmp_path):
    names = {f"a/b/{kind}/{deep}{n}.png": png(n) for n in range(2) for kind in ("cat", "dog") for deep in ("", "x/y/")}
    images = read_images(zipped(tmp_path / "a.zip", names), work=tmp_path / "work")
    assert images.class_names == ("cat", "dog")
    assert images.counts == (4, 4)


def test_parts_are_read_apart(tmp_path):
    names = {f"set/{part}/{kind}/1.png": png(1) for part in ("Train", "test", "val") for kind in ("cat", "dog")}
    path = zipped(tmp_path / "a.zip", {**names, "set/train/cat/2.png": png(2), "set/test/loose.png": png(3)})
    images = read_images(path, work=tmp_path / "work")
    assert images.splits == ("test", "train", "val")
    assert images.counts == (2, 1)
    assert "1 image beside the class folders left out" in images.warnings
    assert read_images(images.root, split="test").counts == (1, 1)
    with pytest.raises(DatasetError, match="no part 'extra'; allowed: test, train, val"):
        read_images(images.root, split="extra")


def test_what_systems_leave_behind_is_passed_over(tmp_path):
    junk = {"__MACOSX/cat/._1.png": b"x", "cat/.DS_Store": b"x", "dog/Thumbs.db": b"x", ".git/1.png": b"x"}
    images = read_images(zipped(tmp_path / "a.zip", GOOD | junk), work=tmp_path / "work")
    assert images.counts == (2, 1)
    assert len(images.warnings) == 1 and "fewer than 20" in images.warnings[0]


def test_windows_separators_and_odd_names(tmp_path):
    entries = {"cat\\1.png": png(1), "h\u00e4nd \u2603/1.png": png(2), "a\tb/1.png": png(3), "a\nb/1.png": png(4)}
    images = read_images(zipped(tmp_path / "a.zip", entries), work=tmp_path / "work")
    assert images.class_names == ("a\ufffdb", "a\ufffdb′", "cat", "händ ☃")


def test_aircraft_and_pets_as_published(tmp_path):
    for stem, seed in (("1", 1), ("2", 2), ("3", 3)):
        (tmp_path / "air/data/images").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"air/data/images/{stem}.jpg").write_bytes(png(seed))
    (tmp_path / "air/data/images_variant_trainval.txt").write_text("1 Boeing 707\n2 A300B4\n9 A300B4\n")
    (tmp_path / "air/data/images_variant_test.txt").write_text("3 A300B4\n")
    images = read_images(tmp_path / "air")
    assert images.class_names == ("A300B4", "Boeing 707")
    assert images.splits == ("test", "train")
    (tmp_path / "pets/images").mkdir(parents=True)
    (tmp_path / "pets/annotations").mkdir()
    (tmp_path / "pets/images/Egyptian_Mau_3.jpg").write_bytes(png(1))
    (tmp_path / "pets/annotations/trainval.txt").write_text("#Image CLASS-ID\nEgyptian_Mau_3 1 1 1\n")
    assert read_images(tmp_path / "pets").class_names == ("Egyptian Mau",)
    (tmp_path / "pets/annotations/trainval.txt").write_text("../../secret 1 1 1\n")
    with pytest.raises(DatasetError, match=r"line 1: '\.\./\.\./secret 1 1 1' names no image and class"):
        read_images(tmp_path / "pets")
    (tmp_path / "pets/annotations/trainval.txt").write_text("\n")
    with pytest.raises(DatasetError, match="lists no image that is there"):
        read_images(tmp_path / "pets")


# ------------------------------------------------------------------------------------------------------------- pixels


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I", "F", "I;16"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    source = picture(5, width=30, height=20)
    grey = np.asarray(source.convert("L"))
    if mode == "I;16":
        image, ending = Image.fromarray(grey.astype(np.uint16) * 257), "png"
    elif mode in ("I", "F"):
        image, ending = Image.fromarray(grey.astype({"I": np.int32, "F": np.float32}[mode])), "tif"
    else:
        ending = "png" if mode in ("1", "L", "LA", "P", "RGBA") else "tif"
        image = source.convert("RGB").convert(mode) if mode != "HSV" else source
    (tmp_path / "in").mkdir()
    image.save(tmp_path / "in" / f"a.{ending}")
    images = read_images(tmp_path / "in")
    pixels = images.pixels(0, 0, 20).astype(int)
    assert pixels.shape == (20, 20, 3)
    if mode in ("L", "LA", "I", "I;16"):
        assert (pixels[..., 0] == grey[:, 5:25]).all()
    if mode in ("1", "L", "LA", "I", "F", "I;16"):
        assert "all of 1 image grey" in images.warnings
    elif mode not in ("P", "LAB", "YCbCr"):
        assert abs(pixels - np.asarray(source)[:, 5:25]).max() <= 2


def test_transparency_shows_white_and_exif_turns_upright(tmp_path):
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "a.png")
    turned = Image.new("RGB", (8, 16), "black")
    turned.paste("white", (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = 3
    turned.save(tmp_path / "b.jpg", exif=exif, quality=95)
    images = read_images(tmp_path)
    assert (images.pixels(0, 0, 8) == 255).all()
    column = images.pixels(0, 1, 16)[:, 8, 0]
    assert column[0] < 20 and column[-1] > 235


@pytest.mark.parametrize("size", [(1, 1), (3000, 2), (2, 3000), (300, 200)])
def test_any_size_and_shape(tmp_path, size):
    picture(1, *size).save(tmp_path / "a.png")
    assert read_images(tmp_path).pixels(0, 0, 32).shape == (32, 32, 3)


def test_the_first_picture_of_an_animation(tmp_path):
    frames = [Image.new("P", (8, 8), 0), Image.new("P", (8, 8), 1)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert read_images(tmp_path).pixels(0, 0, 8).shape == (8, 8, 3)


def test_grey_images_are_counted(make_folder):
    folder = make_folder({"cat": 22, "dog": 20})
    picture(1, mode="L").save(folder / "cat" / "000.png")
    assert read_images(folder).warnings == ("1 of 42 images grey",)


# --------------------------------------------------------------------------------------------------- what is not right


def test_images_that_are_none_are_left_out(make_folder):
    folder = make_folder({"cat": 20, "dog": 20})
    (folder / "cat" / "x.png").write_text("hello")
    (folder / "dog" / "x.jpg").write_bytes(b"")
    (folder / "dog" / "notes.docx").write_bytes(b"")
    (folder / "loose.png").write_bytes(png())
    images = read_images(folder)
    assert images.counts == (20, 20)
    assert images.warnings == (
        "2 images left out as unreadable: cat/x.png is no image; allowed: PNG, JPEG, BMP, GIF, WEBP, TIFF, PPM",
        "1 file other than images left out",
        "1 image beside the class folders left out",
    )


def test_a_class_without_a_readable_image_is_left_out(make_folder):
    folder = make_folder({"cat": 20, "dog": 20})
    (folder / "bird").mkdir()
    (folder / "bird" / "x.png").write_text("hello")
    images = read_images(folder)
    assert images.class_names == ("cat", "dog")
    assert "without a readable image, left out: bird" in images.warnings


def test_mostly_bad_images_are_refused(make_folder):
    folder = make_folder({"cat": 1})
    for n in range(3):
        (folder / "cat" / f"x{n}.jpg").write_bytes(b"<svg/>")
    with pytest.raises(DatasetError, match=r"3 of the 4 images of pictures cannot be read; the first: cat/x0"):
        read_images(folder)


def test_a_picture_cut_off_fails_when_it_is_decoded(tmp_path):
    (tmp_path / "a.png").write_bytes(png(0, width=200, height=200)[:5000])
    images = read_images(tmp_path)
    with pytest.raises(DatasetError, match=r"/a\.png cannot be decoded"):
        images.pixels(0, 0, 8)


def test_postscript_is_not_run(tmp_path):
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    with pytest.raises(DatasetError, match="is no image"):
        read_images(tmp_path)


def huge_png(width: int, height: int) -> bytes:
    """A few hundred bytes that decode to ``width × height`` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("side", "said"), [(8000, "8,000 × 8,000 pixels"), (60000, "too large")])
def test_huge_pictures_are_not_decoded(tmp_path, side, said):
    (tmp_path / "a.png").write_bytes(huge_png(side, side))
    with pytest.raises(DatasetError, match=rf"a\.png .*{said}.*; allowed: up to 50 M"):
        read_images(tmp_path)


def test_no_image_at_all(tmp_path):
    (tmp_path / "empty" / "cat").mkdir(parents=True)
    with pytest.raises(DatasetError, match="empty holds no image; allowed: folders of png, jpg"):
        read_images(tmp_path / "empty")
    with pytest.raises(DatasetError, match="holds no image"):
        read_images(zipped(tmp_path / "a.zip", {}), work=tmp_path / "work")
    with pytest.raises(DatasetError, match="no folder or zip archive"):
        read_images(tmp_path / "absent")
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(DatasetError, match="allowed: a folder of images or a zip archive"):
        read_images(tmp_path / "a.txt")
    with pytest.raises(DatasetError, match="give a work folder"):
        read_images(tmp_path / "a.zip")


def test_limits_of_a_folder(make_folder):
    folder = make_folder({f"class{n}": 1 for n in range(6)})
    for limits, message in (
        (ImageLimits(classes=5), "6 classes; allowed: up to 5"),
        (ImageLimits(files=5), "more than 5 files"),
        (ImageLimits(pixels=500), "24 × 24 pixels; allowed: up to 0.0005 M"),
        (ImageLimits(total_mb=0), "more than 0 MiB of images"),
        (ImageLimits(image_mb=0), "MiB; allowed: up to 0 an image"),
    ):
        with pytest.raises(DatasetError, match=message):
            read_images(folder, limits=limits)


def test_ten_thousand_classes_are_refused_at_once(tmp_path):
    data = png(0, width=1, height=1)
    path = zipped(tmp_path / "a.zip", {f"{n}/1.png": data for n in range(10_000)})
    refused(path, tmp_path, "10,000 folders; allowed: up to 5,000")
    path = zipped(tmp_path / "b.zip", {f"{n}/1.png": data for n in range(1500)})
    refused(path, tmp_path, "1,500 classes; allowed: up to 1,000")


def test_links_and_devices_are_not_followed(make_folder, tmp_path):
    folder = make_folder({"cat": 20, "dog": 20})
    outside = make_folder({"secret": 1}, "elsewhere")
    (folder / "cat" / "link.png").symlink_to(outside / "secret" / "000.png")
    (folder / "bird").symlink_to(outside / "secret", target_is_directory=True)
    os.mkfifo(folder / "cat" / "pipe.png")
    images = read_images(folder)
    assert images.counts == (20, 20)
    assert images.warnings == ("3 files left out as links or devices",)


# ----------------------------------------------------------------------------------------------------- hostile archives


def refused(path: Path, tmp_path: Path, match: str, limits: ArchiveLimits = LIMITS) -> None:
    """The archive is refused with one message, and nothing of it is left anywhere."""
    before = files_below(tmp_path)
    with pytest.raises(DatasetError, match=match) as error:
        read_images(path, work=tmp_path / "work", limits=ImageLimits(archive=limits))
    assert "\n" not in str(error.value) and len(str(error.value)) < 300
    assert files_below(tmp_path) == before
    assert not any((tmp_path / "work").iterdir())


@pytest.mark.parametrize(
    "name", ["../evil.png", "cat/../../evil.png", "/evil.png", "C:/evil.png", "cat\\..\\..\\e.png"]
)
def test_names_that_lead_out_are_refused(tmp_path, name):
    refused(
        zipped(tmp_path / "a.zip", GOOD | {name: png()}), tmp_path, "leads out of the folder; allowed: paths inside"
    )


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_in_an_archive_are_refused(tmp_path, kind):
    path = zipped(tmp_path / "a.zip", GOOD)
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("cat/link.png")
        entry.external_attr = (kind | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    refused(path, tmp_path, "'cat/link.png' is a link or a device; allowed: files")


def test_bombs_are_refused_before_they_are_unpacked(tmp_path):
    flat = zipped(tmp_path / "a.zip", {"cat/1.bmp": bytes(3 * 2**20)})
    refused(flat, tmp_path, r"'cat/1.bmp' unpacks to [\d,]+ times its packed size; allowed: up to 200")
    many = zipped(tmp_path / "b.zip", {f"cat/{n}.png": b"x" for n in range(30)})
    refused(many, tmp_path, "30 files; allowed: up to 20", ArchiveLimits(files=20))
    refused(flat, tmp_path, "3 MiB unpacked; allowed: up to 2", ArchiveLimits(unpacked_mb=2))
    refused(flat, tmp_path, "MiB packed; allowed: up to 0", ArchiveLimits(packed_mb=0))


def test_an_archive_that_lies_about_its_sizes(tmp_path):
    path = zipped(tmp_path / "a.zip", {"cat/1.bmp": bytes(3 * 2**20)})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):  # local header and table of contents
        start = data.index(signature) + offset
        data[start : start + 4] = struct.pack("<I", 1000)
    path.write_bytes(data)
    refused(path, tmp_path, "is damaged or no archive")


def test_encrypted_archives_are_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", {"cat/1.png": png()})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    refused(path, tmp_path, r"is encrypted \('cat/1.png'\); allowed: no password")


def test_damaged_archives_are_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", {"cat/1.png": png(0, width=200, height=200)})
    whole = path.read_bytes()
    broken = bytearray(whole)
    broken[5000:5050] = bytes(50)
    path.write_bytes(broken)
    refused(path, tmp_path, "is damaged or no archive")
    path.write_bytes(whole[:5000])
    refused(path, tmp_path, "allowed: a folder of images or a zip archive")
    path.write_bytes(whole[3000:])
    refused(path, tmp_path, "damaged")


def test_names_that_clash_or_are_too_long(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("cat/1.png", png())
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("cat/1.png", png())
    refused(tmp_path / "a.zip", tmp_path, "'1.png' twice")
    refused(zipped(tmp_path / "b.zip", {"cat.png": png(), "cat.png/1.png": png()}), tmp_path, "twice")
    refused(zipped(tmp_path / "c.zip", {f"{'x' * 300}.png": png()}), tmp_path, "File name too long")
