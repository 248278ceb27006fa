"""What people see in a browser, server-rendered: one module for each page, one template for each, listed in `urls`."""
