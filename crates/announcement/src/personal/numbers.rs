/// The groups of digits of a text, without those of dates such as 2022-02-24.
pub(super) struct Numbers {
    pub(super) groups: Vec<Group>,
    /// The years of its days such as 24.02.2022 and 2022-02-24.
    pub(super) days: Vec<u16>,
}

/// Digits in a row, with what stands between them and those before.
pub(super) struct Group {
    pub(super) digits: String,
    pub(super) before: String,
}

impl Group {
    fn year(&self) -> Option<u16> {
        self.digits.parse().ok().filter(|year| self.digits.len() == 4 && (1900..2100).contains(year))
    }

    fn follows(&self, separators: &[&str]) -> bool {
        separators.contains(&self.before.as_str())
    }
}

impl Numbers {
    pub(super) fn of(text: &str) -> Self {
        let mut numbers = Self { groups: Vec::new(), days: Vec::new() };
        let mut rest = groups(text).into_iter().peekable();
        while let Some(group) = rest.next() {
            let short = |next: &Group, separators: &[&str]| next.digits.len() <= 2 && next.follows(separators);
            if let Some(year) = group.year().filter(|_| rest.peek().is_some_and(|month| short(month, &["-"]))) {
                numbers.days.push(year);
                rest.next();
                rest.next_if(|day| short(day, &["-"]));
                continue;
            }
            numbers.groups.push(group);
            let day = numbers.groups.last().is_some_and(|day| day.digits.len() <= 2);
            let Some(month) = rest.next_if(|month| day && short(month, &[".", "/", "-"])) else { continue };
            if let Some(year) = rest.peek().filter(|year| year.follows(&[".", "/", "-"])).and_then(Group::year) {
                numbers.days.push(year);
                numbers.groups.pop();
                rest.next();
            } else {
                numbers.groups.push(month);
            }
        }
        numbers
    }
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut before = String::new();
    for character in text.chars() {
        match groups.last_mut() {
            Some(group) if character.is_ascii_digit() && before.is_empty() => group.digits.push(character),
            _ if character.is_ascii_digit() => groups.push(Group { digits: character.to_string(), before: std::mem::take(&mut before) }),
            _ => before.push(character),
        }
    }
    groups
}
