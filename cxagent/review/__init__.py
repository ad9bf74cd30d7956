"""The review inbox as a web server: pages for people, an API for systems, over one agent's inbox.

A page is a module with `ROUTES`: handlers take an `Asked`, call one function of a lower storey, and render a template.
`app.PAGES` lists the modules. Everything works without a script; `static/desk.js` makes it quicker.
"""
