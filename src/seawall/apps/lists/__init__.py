"""Lists: entries of the active policy's allow, deny and watch lists, who put them there, and what they meet."""
