"""Reports as text: for people, for programs, for other tools. `formats.RENDERERS` lists them."""
