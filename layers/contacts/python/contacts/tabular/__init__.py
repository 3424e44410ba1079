"""Readers of the tables that people upload and writers of those they export: CSV, XLSX and JSON.

`open_table.open_table` is the way in; `write_csv`, `write_xlsx` and `write_json` are the way out. What they write is
read back as it was, but for a NUL in CSV.

A file that can't be read whole raises `FileRejected`; no reader guesses, repairs or skips data. Its codes:

    FILE_EMPTY                  no bytes, no header row, or nothing but blanks.
    FILE_TYPE_NOT_SUPPORTED     the asked type is unknown, or the content is a PDF, a picture, an archive, HTML or XML.
    FILE_TYPE_MISMATCH          the type asked for and the content contradict each other.
    FILE_TOO_LARGE              more than `max_bytes` (the limit is in `field`).
    TOO_MANY_ROWS               more than `max_rows` data rows (the limit is in `field`).
    FILE_TOO_MANY_COLUMNS       a header or a row reaches beyond `max_columns` (the limit is in `field`).
    FILE_CELL_TOO_LONG          a cell of more than `max_cell_chars` characters (the limit is in `field`).
    FILE_ROW_TOO_LONG           one row or JSON object of more than `text_blocks.MAX_ROW_CHARS` characters.
    FILE_EXPANDS_TOO_MUCH       a workbook grows beyond `max_expanded_bytes`, or suspiciously much: a bomb.
    FILE_ENCODING               the text is not in one encoding that is read: UTF-8, UTF-16, and Windows-1252 for CSV.
    FILE_NUL_CHARACTER          a CSV row has a NUL character: the file is damaged or no text.
    FILE_UNTERMINATED_QUOTE     a CSV cell opens with a quotation mark that is not closed.
    FILE_STRAY_QUOTE            text follows a closing quotation mark in a CSV cell.
    FILE_NOT_A_WORKBOOK         not an Excel workbook (.xlsx) where one was expected.
    FILE_BROKEN_WORKBOOK        a workbook whose archive or XML is damaged, or contradicts itself.
    FILE_PASSWORD_PROTECTED     an encrypted workbook.
    FILE_OLD_EXCEL              an Excel 97-2003 workbook (.xls).
    FILE_UNSAFE_XML             a workbook's XML declares a document type or entities, or nests too deeply.
    FILE_SHEET_NOT_FOUND        no sheet of the asked name, or no visible worksheet at all.
    FILE_FORMULA_NOT_CALCULATED a mapped cell is a formula whose result the file does not hold.
    FILE_NOT_JSON               not an array of objects or JSON Lines, cut short, or NaN, Infinity, unpaired surrogates.
    FILE_JSON_DUPLICATE_KEY     a JSON object has a key twice, blanks around it aside (the key is in `field`).
    FILE_JSON_TOO_DEEP          JSON nested more than `json_values.MAX_DEPTH` levels.
    FILE_JSON_NUMBER_TOO_LONG   a JSON number of more than `json_values.MAX_NUMBER_CHARS` characters.
    FILE_JSON_NUMBER_TOO_LARGE  a JSON number whose exponent is beyond a double's.

Strict OOXML workbooks are read like any other.
"""
