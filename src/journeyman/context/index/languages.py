"""The languages that are parsed: file endings, the grammar's package, what a definition and an import are.

A query captures a definition's node as ``@function`` (it is one chunk), ``@class`` (its header is a chunk,
and its functions are) or ``@constant``, and its name as ``@name``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Language:
    """One language of the index."""

    name: str
    suffixes: tuple[str, ...]
    package: str
    """The importable package of its grammar."""
    query: str
    imports: re.Pattern[str]
    """Each group that matched is what an import names."""
    exported: re.Pattern[str]
    """Searched in the first line of a definition: whether others may use it."""
    grammar: str = "language"
    """The function of the package that gives the grammar."""


_JAVASCRIPT = """
(function_declaration name: (identifier) @name) @function
(generator_function_declaration name: (identifier) @name) @function
(method_definition name: (_) @name) @function
(program (lexical_declaration (variable_declarator name: (identifier) @name
  value: [(arrow_function) (function_expression)])) @function)
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name
  value: [(arrow_function) (function_expression)]))) @function)
(program (lexical_declaration (variable_declarator name: (identifier) @name)) @constant)
(program (variable_declaration (variable_declarator name: (identifier) @name)) @constant)
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name))) @constant)
(assignment_expression left: (member_expression property: (property_identifier) @name)
  right: [(arrow_function) (function_expression)]) @function
"""
_TYPESCRIPT = (
    _JAVASCRIPT
    + """
(class_declaration name: (type_identifier) @name) @class
(abstract_class_declaration name: (type_identifier) @name) @class
(interface_declaration name: (type_identifier) @name) @class
(internal_module name: (_) @name) @class
(enum_declaration name: (identifier) @name) @class
(type_alias_declaration name: (type_identifier) @name) @constant
"""
)
_SCRIPT_IMPORTS = re.compile(r"""(?:\bfrom\s+|\bimport\s+|\brequire\(\s*|\bimport\(\s*)["']([^"'\n]+)["']""")
_EXPORT = re.compile(r"\bexport\b|^(module\.)?exports\b")
_C = """
(function_definition declarator: (function_declarator declarator: (_) @name)) @function
(function_definition declarator: (_ declarator: (function_declarator declarator: (_) @name))) @function
(struct_specifier name: (_) @name body: (_)) @class
(union_specifier name: (_) @name body: (_)) @class
(enum_specifier name: (_) @name body: (_)) @class
(type_definition declarator: (type_identifier) @name) @constant
(preproc_function_def name: (identifier) @name) @constant
(preproc_def name: (identifier) @name) @constant
"""
_INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">\n]+)[">]', re.MULTILINE)
_NOT_STATIC = re.compile(r"^(?!.*\bstatic\b)")

LANGUAGES = (
    Language(
        "python",
        (".py", ".pyi", ".pyx"),
        "tree_sitter_python",
        """
(function_definition name: (identifier) @name) @function
(class_definition name: (identifier) @name) @class
(module (expression_statement (assignment left: (identifier) @name)) @constant)
""",
        re.compile(
            r"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(?:\(([\w, \t\n]*)|([\w, \t]*))"
            r"|import[ \t]+([\w., \t]+))",
            re.MULTILINE,
        ),
        re.compile(r"^(?!\s*((async\s+)?def\s+|class\s+)?_)"),
    ),
    Language(
        "javascript",
        (".js", ".jsx", ".mjs", ".cjs"),
        "tree_sitter_javascript",
        _JAVASCRIPT + "(class_declaration name: (identifier) @name) @class\n",
        _SCRIPT_IMPORTS,
        _EXPORT,
    ),
    Language(
        "typescript",
        (".ts", ".mts", ".cts"),
        "tree_sitter_typescript",
        _TYPESCRIPT,
        _SCRIPT_IMPORTS,
        _EXPORT,
        "language_typescript",
    ),
    Language(
        "tsx", (".tsx",), "tree_sitter_typescript", _TYPESCRIPT, _SCRIPT_IMPORTS, _EXPORT, "language_tsx"
    ),
    Language(
        "go",
        (".go",),
        "tree_sitter_go",
        """
(function_declaration name: (identifier) @name) @function
(method_declaration name: (field_identifier) @name) @function
(type_declaration (type_spec name: (type_identifier) @name)) @class
(source_file (const_declaration (const_spec name: (identifier) @name)) @constant)
(source_file (var_declaration (var_spec name: (identifier) @name)) @constant)
""",
        re.compile(r'^\s*(?:import\s+)?(?:[\w.]+\s+)?"([\w./-]+)"\s*$', re.MULTILINE),
        re.compile(r"^\s*(func\s+(\([^)]*\)\s*)?|type\s+|var\s+|const\s+)?[A-Z]"),
    ),
    Language(
        "rust",
        (".rs",),
        "tree_sitter_rust",
        """
(function_item name: (identifier) @name) @function
(function_signature_item name: (identifier) @name) @function
(struct_item name: (type_identifier) @name) @class
(enum_item name: (type_identifier) @name) @class
(union_item name: (type_identifier) @name) @class
(trait_item name: (type_identifier) @name) @class
(impl_item type: (_) @name) @class
(mod_item name: (identifier) @name body: (_)) @class
(macro_definition name: (identifier) @name) @function
(type_item name: (type_identifier) @name) @constant
(const_item name: (identifier) @name) @constant
(static_item name: (identifier) @name) @constant
""",
        re.compile(r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:use\s+([\w:]+)|mod\s+(\w+)\s*;)", re.MULTILINE),
        re.compile(r"^\s*pub\b"),
    ),
    Language(
        "java",
        (".java",),
        "tree_sitter_java",
        """
(class_declaration name: (identifier) @name) @class
(interface_declaration name: (identifier) @name) @class
(enum_declaration name: (identifier) @name) @class
(record_declaration name: (identifier) @name) @class
(method_declaration name: (identifier) @name) @function
(constructor_declaration name: (identifier) @name) @function
""",
        re.compile(r"^\s*import\s+(?:static\s+)?([\w.]+)", re.MULTILINE),
        re.compile(r"\bpublic\b"),
    ),
    Language("c", (".c", ".h"), "tree_sitter_c", _C, _INCLUDE, _NOT_STATIC),
    Language(
        "cpp",
        (".cc", ".cpp", ".cxx", ".hpp", ".hh", ".hxx", ".cu", ".cuh"),
        "tree_sitter_cpp",
        _C
        + """
(class_specifier name: (_) @name body: (_)) @class
(namespace_definition name: (_) @name) @class
""",
        _INCLUDE,
        _NOT_STATIC,
    ),
    Language(
        "ruby",
        (".rb", ".rake"),
        "tree_sitter_ruby",
        """
(method name: (_) @name) @function
(singleton_method name: (_) @name) @function
(class name: (_) @name) @class
(module name: (_) @name) @class
(program (assignment left: (constant) @name) @constant)
""",
        re.compile(r"""^\s*require(?:_relative)?[ (]+["']([^"'\n]+)["']""", re.MULTILINE),
        re.compile(r"^\s*(def|class|module)\b|^[A-Z]"),
    ),
)
BY_SUFFIX = {suffix: language for language in LANGUAGES for suffix in language.suffixes}


def language_of(path: str) -> Language | None:
    """The language of a file, by its ending."""
    return BY_SUFFIX.get(PurePosixPath(path).suffix.lower())
