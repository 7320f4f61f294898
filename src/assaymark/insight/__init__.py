"""Questions over a lake: ready ones with a name, and those that anyone writes in SQL. They read, and nothing else."""

from assaymark.insight.ask import Table, ask
from assaymark.insight.plot import bar_chart, count_column
from assaymark.insight.question import Question, load_question, load_questions

__all__ = ["Question", "Table", "ask", "bar_chart", "count_column", "load_question", "load_questions"]
