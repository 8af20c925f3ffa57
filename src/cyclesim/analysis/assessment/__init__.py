"""The 50-point assessment: answers about practices into a profile and a forecast."""

from cyclesim.analysis.assessment.answers import Answers, Respondent, read_answers
from cyclesim.analysis.assessment.forecast import Band, Forecast, Mending, forecast
from cyclesim.analysis.assessment.profile import ElementProfile, Profile, profile
from cyclesim.analysis.assessment.questionnaire import Practice, Questionnaire, read_questionnaire

__all__ = [
    "Answers",
    "Band",
    "ElementProfile",
    "Forecast",
    "Mending",
    "Practice",
    "Profile",
    "Questionnaire",
    "Respondent",
    "forecast",
    "profile",
    "read_answers",
    "read_questionnaire",
]
