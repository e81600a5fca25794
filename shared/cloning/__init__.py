"""A solution's folder, copied as a customer's own project, and kept up with the template it came from.

template    a solution's files in the customer's name
record      template.json: what was copied, from which version
creating    `verticals new`
updating    `verticals update`: a three-way merge (`merge`, `notebooks`) of each file
renaming    `verticals rename`
"""
