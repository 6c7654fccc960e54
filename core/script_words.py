"""The texts that script alone shows: in English they stand in the script, in another language the page brings them."""

# As tools/assets/src has them; ``%(value)s`` is a time or a number.
SCRIPT_WORDS = (
    "am", "pm", "Saved %(value)s", "%(value)s selected", "Table",
    "Not saved yet. Your words are still on this page. Use the button below to save them.",
    "You will be signed out in 5 minutes", "This keeps the records on this screen private.", "Stay signed in",
    "Sign in again", "You have been signed out",
    "We could not reach the service. Check your connection, then try again.",
)  # fmt: skip
