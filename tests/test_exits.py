"""Every way the command ends: the exit code that its help promises, no traceback, and nothing that is not whole."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from sdk import cli
from sdk.colorizer import BUNDLED_MODEL
from tests.conftest import PROJECT

CAT = PROJECT / "examples" / "photos" / "cat.jpg"
COMMAND = [sys.executable, "-m", "sdk"]
CODES = {0, 2, 3, 129, 130, 141, 143}
POSIX = pytest.mark.skipif(os.name != "posix", reason="NOT MEASURED: signals and devices of POSIX systems")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a photo, a file that is none and a folder of forty photos."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # argparse says nothing of a stream that fails at once
    shutil.copy(CAT, "cat.jpg")
    Path("bad.jpg").write_bytes(b"no photo")
    Path("album").mkdir()
    Image.open(CAT).resize((900, 600)).save("album/00.jpg")
    for number in range(1, 40):
        shutil.copy("album/00.jpg", f"album/{number:02}.jpg")
    return tmp_path


def ended(*words: str, shell: str = "", **environment: str) -> tuple[int, str]:
    """The exit code and what was said on standard error; `shell` is put behind the command."""
    command = f'"{sys.executable}" -m sdk {" ".join(words)} {shell}'
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=os.environ | environment,
    )
    assert_clean(done.stderr)
    return done.returncode, done.stderr


def assert_clean(said: str) -> None:
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert not list(Path().rglob("*.partial"))
    for path in [*Path().rglob("*-colour.jpg"), *Path().glob("out/*.jpg")]:
        Image.open(path).load()


def test_the_help_names_these_codes_and_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    codes = capsys.readouterr().out.split("exit codes:")[1]
    assert {int(code) for code in re.findall(r"\b\d{1,3}\b", codes)} == CODES
    questions = (PROJECT / "docs" / "faq.md").read_text().split("exit codes of `colorize`")[1].split("##")[0]
    assert {int(code) for code in re.findall(r"\b\d{1,3}\b", questions)} == CODES


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, ["cat.jpg"]),
        (0, ["--version"]),
        (0, ["info"]),
        (2, ["bad.jpg"]),
        (2, []),
        (2, ["cat.jpg", "--no-such-option"]),
        (2, ["cat.jpg", "--strength", "nan"]),
        (2, ["cat.jpg", "--threads", "-1"]),
        (2, ["cat.jpg", "--quality", "101"]),
        (2, ["cat.jpg", "--backend", "foo"]),
        (2, ["bench", "--backend", "foo"]),
        (2, ["info", "--backend", "foo"]),
        (2, ["cat.jpg", "-", "--json"]),
        (2, ["-", "--json", "<", "cat.jpg"]),
        (2, ["cat.jpg", "-o", "x.ico"]),
        (2, ["cat.jpg", "-o", "bad.jpg/x.jpg"]),
        (3, ["cat.jpg", "--model", "album"]),
    ],
)
def test_each_code_means_what_it_says(code: int, words: list[str], here: Path) -> None:
    assert ended(*words)[0] == code


def test_an_altered_model_is_3(here: Path) -> None:
    shutil.copytree(BUNDLED_MODEL, "model")
    next(Path("model").glob("*.onnx")).write_bytes(b"other")
    code, said = ended("cat.jpg", "--model", "model")
    assert code == 3
    assert "is not the file its manifest describes" in said
    assert not Path("cat-colour.jpg").exists()


@POSIX
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)])
@pytest.mark.parametrize("words", [["album", "-o", "out"], ["-", "-o", "out/piped.jpg"]])
def test_a_signal_leaves_whole_files_and_the_next_run_goes_on(
    stop: signal.Signals, words: list[str], here: Path
) -> None:
    Path("out").mkdir()
    running = subprocess.Popen([*COMMAND, *words], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if "-" in words:
        time.sleep(1)  # it waits for a photo that does not come
    else:
        while not list(Path("out").glob("*.jpg")) and running.poll() is None:
            time.sleep(0.01)
    running.send_signal(stop)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 128 + stop
    assert said.strip().splitlines()[-1].startswith("colorize: stopped")
    assert_clean(said)
    if "-" not in words:
        assert len(list(Path("out").glob("*.jpg"))) < 40
        assert ended(*words)[0] == 0
        assert len(list(Path("out").glob("*.jpg"))) == 40


@POSIX
def test_ctrl_c_is_understood_while_modules_are_imported(here: Path) -> None:
    program = """
import os, runpy, signal, sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "numpy":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
sys.argv = ["colorize", "cat.jpg"]
runpy.run_module("sdk", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert_clean(done.stderr)
    assert done.returncode == 130


@POSIX
def test_a_signal_that_is_ignored_stays_so(here: Path) -> None:
    assert ended("cat.jpg", shell="& wait", PATH=os.environ["PATH"])[0] == 0
    command = f'trap "" HUP; "{sys.executable}" -m sdk album -o out & sleep 1; kill -HUP $!; wait $!'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert len(list(Path("out").glob("*.jpg"))) == 40


@POSIX
def test_streams_that_are_closed_or_full(here: Path) -> None:
    assert ended("cat.jpg", shell="<&- >&- 2>&-")[0] == 0
    assert ended("album/00.jpg", "album/01.jpg", "-o", "out", shell=">&- 2>&-")[0] == 0
    assert ended("bad.jpg", shell="2>&-")[0] == 2
    assert ended("bad.jpg", shell="2> /dev/full")[0] == 2
    assert ended("-", shell="<&-")[0] == 2
    code, said = ended("album/02.jpg", shell="> /dev/full")
    assert code == 2
    assert "standard output cannot be written" in said
    assert ended("--help", shell="> /dev/full")[0] == 2
    code, said = ended("-", shell="< cat.jpg > /dev/full")
    assert code == 2
    assert "cannot be written" in said


@POSIX
@pytest.mark.parametrize("words", [["album", "-o", "out"], ["--help"], ["info"], ["-", "<", "cat.jpg"]])
def test_a_reader_that_leaves_ends_it(words: list[str], here: Path) -> None:
    assert ended(*words, shell="| true; exit ${PIPESTATUS[0]}")[0] == 141


def test_a_name_that_the_encoding_cannot_hold(here: Path) -> None:
    Path("Großmutter.jpg").write_bytes(CAT.read_bytes())
    Path("Oma – schlecht.jpg").write_bytes(b"no photo")
    code, said = ended("Großmutter.jpg", '"Oma – schlecht.jpg"', "-o", "out", PYTHONIOENCODING="ascii")
    assert code == 2
    assert "Oma \\u2013 schlecht.jpg: it is not a picture" in said
    assert Path("out/Großmutter.jpg").is_file()


@pytest.fixture
def locked() -> Iterator[Path]:
    """A folder that anybody may enter, with a photo, and a folder in it that nobody may."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "album" / "locked").mkdir(parents=True)
        shutil.copy(CAT, folder / "album")
        for path, mode in ((folder, 0o777), (folder / "album", 0o777), (folder / "album" / "locked", 0)):
            path.chmod(mode)
        yield folder
        (folder / "album" / "locked").chmod(0o700)


@POSIX
def test_a_folder_without_rights_is_one_line(locked: Path) -> None:
    program = """
import os, sys
from sdk.cli import main
here = ["--model", "model", "--backend", "onnx"]
assert main(["album/cat.jpg", "-o", "first.jpg", "--quiet", *here]) == 0  # what it imports, it imports as itself
user = os.geteuid()
if user == 0:
    os.seteuid(65534)
code = main([*sys.argv[1:], *here])
os.seteuid(user)  # what coverage writes at the end, it writes as itself
sys.exit(code)
"""
    # The project may lie in a folder of its owner's.
    shutil.copytree(BUNDLED_MODEL, locked / "model", copy_function=shutil.copyfile)

    def as_nobody(*words: str) -> tuple[int, str]:
        (locked / "first.jpg").unlink(missing_ok=True)
        env = os.environ | {"PYTHONPATH": str(PROJECT)}
        done = subprocess.run(
            [sys.executable, "-c", program, *words], cwd=locked, capture_output=True, text=True, check=False, env=env
        )
        assert_clean(done.stderr)
        return done.returncode, done.stderr

    assert as_nobody("album", "-o", "out") == (2, "colorize: album/locked cannot be read: Permission denied.\n")
    assert (locked / "out" / "cat.jpg").is_file()
    for words in (["album/locked"], ["album/locked/x.jpg"], ["album/cat.jpg", "-o", "album/locked/x.jpg"]):
        code, said = as_nobody(*words)
        assert code == 2
        assert said.count("\n") == 1
        assert "denied" in said
