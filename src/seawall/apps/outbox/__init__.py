"""What must happen outside the control database: put into the outbox with its cause, delivered until it is there."""
