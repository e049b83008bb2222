"""Guesses of a password are counted by all web processes of an installation."""

from contextlib import closing
from pathlib import Path

from application.flashlog import Flashlog
from application.settings import Settings
from web.app import create_app

TOKEN = "/api/v1/users/token/"


def test_two_web_processes_let_in_as_many_guesses_as_one(
    postgres_url: str, tmp_path: Path
) -> None:
    settings = Settings(
        data_dir=tmp_path, database_url=postgres_url, token_rate_limit="2/day"
    )
    guess = {"username": "ada", "password": "guessed"}
    with closing(Flashlog(settings)) as one, closing(Flashlog(settings)) as other:
        clients = [create_app(each).test_client() for each in (one, other)]
        answers = [
            clients[number].post(TOKEN, json=guess).status_code
            for number in (0, 1, 0, 1)
        ]
    assert answers == [400, 400, 429, 429]
