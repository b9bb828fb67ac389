//! What is written is read again, and every row has its line.

use proptest::prelude::*;

use super::*;

fn cells(text: &str) -> Vec<Vec<String>> {
    let table = read(text, 100).expect("a table");
    assert_eq!(table.more, 0);
    table.rows.into_iter().map(|row| row.cells).collect()
}

fn lines(text: &str) -> Vec<usize> {
    read(text, 100).expect("a table").rows.into_iter().map(|row| row.line).collect()
}

fn written(rows: &[Vec<String>]) -> String {
    let rows = rows.iter().map(|row| row.iter().map(String::as_str));
    String::from_utf8(write(rows).expect("a table")).expect("text")
}

#[test]
fn the_first_separator_outside_quotation_marks_separates_all_cells() {
    for (text, row) in [
        ("a,b;c", ["a", "b;c"]),
        ("a;b,c", ["a", "b,c"]),
        ("a\tb,c", ["a", "b,c"]),
        ("\"a,b\";c", ["a,b", "c"]),
        ("\"a \"\"x\"\", y\";c,d", ["a \"x\", y", "c,d"]),
        ("a,", ["a", ""]),
        ("a,5\" disk", ["a", "5\" disk"]),
    ] {
        assert_eq!(cells(text), [row], "{text:?}");
    }
    assert_eq!(cells("a\nb;c\nd;e"), [vec!["a"], vec!["b", "c"], vec!["d", "e"]]);
    assert_eq!(cells(""), [[""; 0]; 0]);
}

#[test]
fn each_row_has_the_line_on_which_it_begins_whatever_ends_the_lines() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a", "", " ; ", "\"b", "b\";2", "c"].join(end);
        assert_eq!(lines(&text), [1, 4, 6], "{end:?}");
        let [_, second, _] = <[_; 3]>::try_from(cells(&text)).expect("three rows");
        assert_eq!(second, [format!("b{end}b"), "2".to_owned()]);
    }
}

#[test]
fn a_row_with_too_many_cells_is_named_by_its_line() {
    let wide = |cells: usize| format!("a\n{}", vec!["x"; cells].join(","));
    assert!(read(&wide(MAX_CELLS), 100).is_ok());
    assert_eq!(read(&wide(MAX_CELLS + 1), 100), Err(Malformed::TooManyCells(2)));
}

#[test]
fn rows_past_the_limit_are_counted() {
    let table = read("a\nb\n\nc\nd", 2).expect("a table");
    assert_eq!((table.rows.len(), table.more), (2, 2));
}

#[test]
fn a_formula_becomes_text() {
    for (cell, text) in [
        ("=1+1", "\"'=1+1\"\r\n"),
        ("+1", "\"'+1\"\r\n"),
        ("-1", "\"'-1\"\r\n"),
        ("@SUM(A1)", "\"'@SUM(A1)\"\r\n"),
        ("\t=1", "\"'\t=1\"\r\n"),
        ("\r=1", "\"'\r=1\"\r\n"),
        ("＝1", "\"'＝1\"\r\n"),
        ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"\r\n"),
        ("a=1", "\"a=1\"\r\n"),
        ("'", "\"'\"\r\n"),
    ] {
        assert_eq!(written(&[vec![cell.to_owned()]]), text);
    }
}

/// Cells with what CSV and spreadsheet programs treat specially.
fn any_cell() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[=+@\t\r\n\", ;'a-]{0,6}"]
}

fn any_rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    let row = ("[a-z]{1,5}", prop::collection::vec(any_cell(), 1..5));
    let row = row.prop_map(|(first, rest)| std::iter::once(first).chain(rest).collect());
    prop::collection::vec(row, 0..6)
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_and_no_cell_begins_as_a_formula(rows in any_rows()) {
        let text = written(&rows);
        let read = cells(&text);
        let harmless = |row: &Vec<String>| row.iter().map(|cell| neutralise(cell).into_owned()).collect();
        let expected: Vec<Vec<String>> = rows.iter().map(harmless).collect();
        prop_assert_eq!(&read, &expected);
        for cell in read.iter().flatten() {
            prop_assert!(!cell.starts_with(FORMULA_SIGNS), "{:?}", cell);
        }
    }

    #[test]
    fn every_text_is_a_table_or_has_a_mistake_on_one_of_its_lines(text in any::<String>()) {
        let ends = text.chars().filter(|sign| ['\r', '\n'].contains(sign)).count();
        match read(&text, 10) {
            Ok(table) => {
                prop_assert!(table.rows.iter().all(|row| (1..=ends + 1).contains(&row.line)));
            }
            Err(Malformed::TooManyCells(line) | Malformed::Unreadable(line)) => {
                prop_assert!((1..=ends + 1).contains(&line));
            }
        }
    }
}
