# Developer commands. `just` lists them; `just check` is what every commit must pass.

# Two files at a time, so that what a file's tests share is made once.
tests := 'pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -m "not slow and not clock"'

default:
    @just --list

# Everything a commit must pass: style, types, import contracts and tests side by side; then, alone, what measures time.
check: _check clock

[parallel]
_check: lint types contracts test

# The same with the browser's half, of the page as it was last built: `.ci/run` takes this.
check-all: _check-all clock browser-clock

[parallel]
_check-all: _check browser

lint:
    ruff check .
    ruff format --check .

types:
    pyright

contracts:
    lint-imports

# What `just check` runs of the tests beside the rest.
test:
    {{ tests }}

# The tests that measure time, which nothing may run beside.
clock:
    pytest -m "clock and not slow" $(grep -l mark.clock tests/test_*.py)

# Build the web page into sdk/page, from where `colorize serve` and the wheel take it. Wheels build it themselves if it is not fresh.
page:
    cd web && npm ci && npm run build

# The browser's half: types, its colour path beside Python's, and the page in Chromium.
web: page browser browser-clock

# The same, of the page as it was last built, but for what measures time.
browser:
    cd web && npx tsc && npx vitest run && npx playwright test --project desktop --project phone

# The bounds on time in Chromium, which nothing may run beside.
browser-clock:
    cd web && npx playwright test --project clock --no-deps

# Other people's apps: the npm package packed, installed and built for production by Vite, webpack and Next. Minutes.
apps:
    cd web && npm ci && npm run apps

# The documentation as a site, in runs/site; any broken link is an error.
docs *arguments:
    NO_MKDOCS_2_WARNING=1 mkdocs build --strict {{ arguments }}

# Style mended where a tool can.
fix:
    ruff check --fix .
    ruff format .

# Train the bundled student from photos (tar shards or a folder) and MobileNetV2's ImageNet weights: one that is faithful and
# teaches, then one with hints and two heads.
train photos encoder_weights:
    python -m training pack {{ photos }} runs/packed
    just _phase pretrain student-start "--encoder-weights {{ encoder_weights }} --encoder-input signed"
    just _phase pretrain student
    just _phase pretrain student-160
    just _phase pretrain student-192
    python -m training strength --checkpoint runs/student-192/student.safetensors \
        --choose 1.1 training/weights/student-faithful.safetensors
    just _phase pretrain quick-student-start "--encoder-weights {{ encoder_weights }} --encoder-input signed"
    just _phase pretrain quick-student
    just _phase gan quick-student-alone "--max-minutes 1"
    just _phase gan student-gan
    just _phase pretrain quick-teacher
    just _phase gan quick-teacher-gan
    just _phase distill student-vivid
    python -m training mean runs/quick-student/student.safetensors runs/student-vivid/student.safetensors runs/student-mean.safetensors
    python -m training pack {{ photos }} runs/packed-256 --side 256
    just _phase gan student-projected-128 "--max-minutes 24" runs/packed-256
    just _phase gan student-projected-160 "" runs/packed-256
    python -m training strength --checkpoint runs/student-projected-160/student.safetensors \
        --head vivid_ab --choose 1.36 training/weights/student.safetensors

# From packed photos to a teacher and its student in so many minutes. More words go to each run: --batch-size 16 on a processor,
# whose memory a GPU's batches would fill; where no ImageNet encoder can be fetched, --encoder-weights FOLDER or --from-random-weights.
teacher-and-student photos minutes *options:
    just _phase pretrain quick-teacher "--minutes $(python -c 'print({{ minutes }} * 0.2)') {{ options }}" {{ photos }}
    just _phase gan quick-teacher-gan "--minutes $(python -c 'print({{ minutes }} * 0.2)') {{ options }}" {{ photos }}
    just _phase pretrain quick-student-start "--minutes $(python -c 'print({{ minutes }} * 0.05)') {{ options }}" {{ photos }}
    just _phase pretrain quick-student "--minutes $(python -c 'print({{ minutes }} * 0.2)') {{ options }}" {{ photos }}
    just _phase gan quick-student-vivid "--minutes $(python -c 'print({{ minutes }} * 0.35)') {{ options }}" {{ photos }}

_phase task recipe options="" photos="runs/packed":
    python -m training {{ task }} --recipe training/recipes/{{ recipe }}.toml --photos {{ photos }} \
        --run-folder runs/{{ recipe }} {{ options }}

# Export the trained student, prove the artifacts on real photos, and bundle the int8 ones.
export photos:
    python -m converters.export_all --checkpoint training/weights/student.safetensors \
        --photos {{ photos }} --out artifacts --bundle sdk/models

# Lay the exported model where the Android library and the Swift package look for it.
phones:
    mkdir -p android/colorizer-android/src/main/assets/edge-colorizer
    cp artifacts/manifest.json artifacts/student-int8.pte android/colorizer-android/src/main/assets/edge-colorizer
    rm -rf swift/Sources/EdgeColorizer/Model/*.mlpackage
    cp -R artifacts/student-fp16.mlpackage swift/Sources/EdgeColorizer/Model

# Look for inputs that break the C header; needs clang.
fuzz seconds="60":
    mkdir -p runs/fuzz
    clang -std=c11 -g -O1 -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        native/fuzz.c -o runs/fuzz/fuzz -lm
    runs/fuzz/fuzz -max_total_time={{ seconds }} -max_len=512 -len_control=0 -print_final_stats=1 \
        -artifact_prefix=runs/fuzz/ runs/fuzz

# Branch coverage of what `just test` runs, with its floors.
coverage:
    coverage erase # what a run that was stopped has left
    coverage run -m {{ tests }}
    coverage combine
    coverage report --include 'sdk/*' --fail-under 95
    coverage report --omit 'sdk/*' --fail-under 85

# Each artifact as a file of its own, and the packages for phones with theirs inside.
[private]
release-artifacts out: phones
    #!/usr/bin/env bash
    set -euo pipefail
    find artifacts -maxdepth 1 -type f ! -name SHA256SUMS -exec cp {} {{ out }} \; # a release has sums of its own
    for package in artifacts/*.mlpackage; do python -m zipfile -c {{ out }}/$(basename "$package").zip "$package"; done
    pack() { tar -czf {{ out }}/$1-$(uv version --short).tar.gz --transform 's,^,edge-colorizer/,' $(git ls-files "${@:3}") "$2"; }
    pack colorizer-android android/colorizer-android/src/main/assets LICENSE android native
    pack edge-colorizer-swift swift/Sources/EdgeColorizer/Model LICENSE Package.swift examples/ios 'goldens/*.json' native swift

# The page, for any web server, and the package for npm, of what the page was built with.
[private]
release-page out:
    tar -czf {{ out }}/edge-colorizer-page-$(uv version --short).tar.gz -C sdk page
    cd web && npm pack --silent --ignore-scripts --pack-destination {{ absolute_path(out) }}

# What a release holds: wheel, sdist, artifacts, packages for phones and npm, the page, bills of materials, and checksums over all.
release out:
    @test ! -e {{ out }} || { echo "{{ out }} is there already; name a new folder, or old files would be signed too." >&2; exit 1; }
    uv build --quiet --out-dir {{ out }}
    rm -f {{ out }}/.gitignore
    if [ -e artifacts/manifest.json ]; then just release-artifacts {{ out }}; fi
    if [ -e sdk/page/index.html ]; then just release-page {{ out }}; fi
    uv venv --quiet --clear {{ out }}/installed
    uv pip install --quiet -c constraints.txt --python {{ out }}/installed {{ out }}/*.whl
    rm {{ out }}/installed/lib/python*/site-packages/edge_colorizer-*/direct_url.json # a path of this machine
    cyclonedx-py environment {{ out }}/installed/bin/python --output-file {{ out }}/sbom.cdx.json
    rm -r {{ out }}/installed
    if [ -e sdk/page/index.html ]; then (cd web && npm sbom --sbom-format cyclonedx --package-lock-only) > {{ out }}/sbom-page.cdx.json; fi
    cd {{ out }} && sha256sum -- * > SHA256SUMS && sha256sum --check --quiet SHA256SUMS

# A release rehearsed on a fresh copy of the last commit, from an export's folder: its model is the bundled one, the page is built,
# everything is laid in OUT, and the phones' pages are followed from there.
rehearse artifacts out:
    #!/usr/bin/env bash
    set -euo pipefail
    copy=$(mktemp -d) out={{ absolute_path(out) }}
    trap 'rm -rf "$copy"' EXIT
    git clone --quiet . "$copy"
    cp -R {{ artifacts }} "$copy/artifacts"
    for bundled in "$copy"/sdk/models/student-*; do diff -r "$bundled" "$copy/artifacts/$(basename "$bundled")"; done
    cd "$copy"
    export PYTHONPATH="$copy"
    just page
    just release "$out"
    python -m tests.phones "$out"
