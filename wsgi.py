"""What gunicorn serves: `gunicorn -c python:web.gunicorn_conf wsgi:app`."""

from application.flashlog import Flashlog
from application.settings import load_settings
from web.app import create_app

app = create_app(Flashlog(load_settings()))
