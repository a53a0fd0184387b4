"""A web service that colours what is posted to it.

    pip install -e '.[examples]'
    flask --app examples/embed_in_flask.py run
    curl --data-binary @examples/photos/cat.jpg http://127.0.0.1:5000/colorize > cat-colour.png

One Colorizer serves all requests; threads may share it.
"""

from flask import Flask, Response, request

from sdk import Colorizer, Limits, PhotoError

app = Flask(__name__)
# Strangers' photos: smaller limits than the default's, checked before anything is decoded, or even received.
limits = Limits(pixels=20_000_000, bytes=20_000_000)
app.config["MAX_CONTENT_LENGTH"] = limits.bytes
colorizer = Colorizer.load(limits=limits)


@app.post("/colorize")
def colorize() -> Response:
    """The posted photo in colour, as PNG; 400 and one sentence where it is none, 413 where it is too large."""
    try:
        return Response(colorizer.colorize_to_png(request.get_data()), mimetype="image/png")
    except PhotoError as error:
        return Response(str(error), status=400, mimetype="text/plain")
