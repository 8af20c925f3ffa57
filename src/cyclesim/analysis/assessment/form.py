"""A blank form to fill in, as YAML or CSV."""

from __future__ import annotations

import csv
import io

from cyclesim.analysis.assessment.answers import COLUMNS
from cyclesim.analysis.assessment.questionnaire import Questionnaire

_HEAD = """\
# {title}: {count} practices.
# Write none, half or full behind each code; leave blank what you do not know.
# One block a person: copy 'Respondent 1' with all below it for the next, under another name.
organisation:
respondents:
  Respondent 1:
    level:   # as in: front line, team leaders, executives
    answers:"""


def blank_yaml(questionnaire: Questionnaire) -> str:
    """Return a form in YAML for one respondent, each practice explained above its line."""
    lines = [_HEAD.format(title=questionnaire.title, count=len(questionnaire.practices))]
    for element in questionnaire.elements:
        for part, practices in questionnaire.parts(element).items():
            lines += ["", f"      # {questionnaire.titles[element]}: {part}"]
            for each in practices:
                lines += [
                    f"      # {each.text}",
                    f"      #   none: {each.none}  half: {each.half}  full: {each.full}",
                    f"      {each.code}:",
                ]
    return "\n".join(lines) + "\n"


def blank_csv(questionnaire: Questionnaire) -> str:
    """Return a form in CSV for one respondent; the columns behind the answer explain it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, "text", "none", "half", "full"])
    for each in questionnaire.practices:
        writer.writerow(
            ["Respondent 1", "", each.code, "", each.text, each.none, each.half, each.full]
        )
    return text.getvalue()
