"""The on-disk format of dialogues: spec, writer, reader, check, contact sheet, mixture. Knows no torch."""
