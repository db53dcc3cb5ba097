"""The console's kit: shell, navigation, tables, filters, forms, charts and texts. Imports no app."""
