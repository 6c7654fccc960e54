"""What people are told: an outbox of e-mails, notices inside the service, and the worker that does what nobody waits for."""
