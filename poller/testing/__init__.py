"""Conformance suites for pytest: what every notifier and every source does, whoever wrote it.

A plug-in's tests subclass `notifiers.NotifierContract`, give it a stage, and run; poller's own kinds go through the same suite.
"""
