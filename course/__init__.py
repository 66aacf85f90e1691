"""The engine of the course: catalogue, sandbox, grading, practice. It knows no week by name."""

from course.exercise import exercise

__all__ = ["exercise"]
__version__ = "0.1.0"
