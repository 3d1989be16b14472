"""Pictures that are given and handed out: read, sized, and told where they come from."""
