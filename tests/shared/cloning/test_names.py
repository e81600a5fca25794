"""Which names a project may have."""

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cloning.names import check_name, class_name, distribution_name
from shared.errors import ConfigError


@pytest.mark.parametrize("name", ["zz_fraud", "zz", "z1", "zz2027", "zz_"])
def test_a_plain_python_name_is_taken(name):
    check_name(name)


BAD = {
    "Acme-Fraud": "`acme_fraud`",
    "1acme": "`my_1acme`",
    "acme fraud": "`acme_fraud`",
    "招商银行": "small letters a-z",
    "../acme": "`acme`",
    "": "small letters a-z",
    "class": "`my_class`",
    "shared": "`my_shared`",
    "verticals": "`my_verticals`",
    "tests": "`my_tests`",
    "json": "`my_json`",
    "numpy": "`my_numpy`",
    "keras": "`my_keras`",
    "a" * 41: "41 letters",
}


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_cannot_be_a_package_or_hides_one_gets_one_that_would_do(name):
    with pytest.raises(ConfigError) as error:
        check_name(name)
    assert BAD[name] in str(error.value)


@given(st.text(max_size=50))
def test_a_name_that_is_taken_is_a_name_in_python(name):
    try:
        check_name(name)
    except ConfigError:
        return
    assert name.isidentifier() and not keyword.iskeyword(name) and class_name(name).isidentifier()


@given(st.from_regex("[a-z][a-z0-9_]{0,20}", fullmatch=True))
def test_the_distribution_is_called_as_pip_wants_it(name):
    text = distribution_name(name)
    assert text and "_" not in text and not text.endswith("-")
