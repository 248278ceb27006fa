"""How Packamal looks at a package: front ends that read facts, a catalogue that gives them meaning, and detectors."""
