"""What `collectstatic` makes of styles and scripts: whole files under names that tell their content."""

from pathlib import Path

from django.contrib.staticfiles.finders import get_finders

from kith.kit.statics import Storage

OURS = ("kit/css/kit.css", "kit/js/kit.js", "kit/js/parts.js")
THEIRS = "django_htmx/htmx-2.min.js"


def test_no_collected_file_loses_its_content(tmp_path: Path) -> None:
    made = Storage(location=str(tmp_path), base_url="/static/")
    every = {name: storage for finder in get_finders() for name, storage in finder.list([])}
    wanted = {
        name: (every[name], name) for name in every if name in (*OURS, THEIRS) or name.startswith("kit/img/")
    }
    for name, (storage, _name) in wanted.items():
        with storage.open(name) as source:
            made.save(name, source)
    list(made.post_process(wanted))
    for name in (*OURS, THEIRS):
        served, plain = tmp_path / made.stored_name(name), tmp_path / name
        assert served != plain
        assert served.stat().st_size >= plain.stat().st_size > 1000, name
        assert served.with_name(f"{served.name}.gz").stat().st_size > 500, name
