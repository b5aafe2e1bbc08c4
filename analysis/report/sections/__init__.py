"""The report's sections: each file has `lines(found)`, Markdown that is empty where a study has nothing to say."""
