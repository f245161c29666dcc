"""The web element is tested against what the server says today."""

from support.ui_scripts import UI, script

FOLDER = UI / "test" / "fixtures" / "recordings"


async def test_the_recordings_are_what_the_server_says() -> None:
    made = await script("record").record_all()

    kept = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert kept.keys() == made.keys()
    for name, text in made.items():
        stale = f"{name}.json is stale: run .venv/bin/python ui/scripts/record.py"
        assert kept[name] == text, stale
