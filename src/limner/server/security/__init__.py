"""Who gets in, how much they may ask for, and what is made of untrusted bytes."""
