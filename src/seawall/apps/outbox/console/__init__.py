"""Pages of the outbox: deliveries, webhook endpoints, contacts."""
