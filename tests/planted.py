"""Identifiers of nobody, by kind: what the screen for personal data is held to, each in several forms.

Invented, or set aside for it: the 999 range of NHS numbers, Ofcom's telephone numbers for drama, reserved domains, a
postcode area that is not in use, card numbers of the schemes' own test pages.
"""

from __future__ import annotations

PLANTED: dict[str, tuple[str, ...]] = {
    "NHS number in groups": ("999 000 0042", "999-000-0042", "999.000.0042", "NHS no 999 000 0042"),
    "NHS number": ("9990000042", "nhs:9990000042", "\uff19\uff19\uff19\uff10\uff10\uff10\uff10\uff10\uff14\uff12"),
    "hospital number": ("MRN 1234567", "hosp no A123456", "hospital number 98765", "H1234567", "pt id 0045123", "RXX123456"),
    "National Insurance number": ("QQ123456C", "AB 12 34 56 C", "ab123456c", "AB12 3456C"),
    "mobile": ("07700 900123", "07700900123", "+44 7700 900 123", "0044 7700 900123", "+44 (0)7700 900123", "7700900123"),
    "landline": ("01922 720000", "(0121) 496 0123", "0121 496 0123", "020 7946 0123", "tel 496 0123"),
    "e-mail address": ("jane.doe@example.org", "JANE_DOE@EXAMPLE.CO.UK", "jane.doe (at) example.org", "jane doe @ example.org"),
    "date of birth in figures": ("03/04/1987", "DOB 03/04/87", "d.o.b. 3.4.1987", "1987-04-03", "03041987", "dob 030487"),
    "date of birth with the month's name": ("3 April 1987", "born 3rd April 1987", "03-Apr-87", "April 3rd, 1987"),
    "date of birth as a year": ("born in 1987", "DOB 1987", "yob 1987", "b. 1987"),
    "full postcode with the house's number": ("12 Mill Street, ZZ1 2AB", "12 ZZ1 2AB", "Flat 3, 12a Mill Road ZZ1 2AB", "ZZ1 2AB no 12"),
    "vehicle registration mark": ("ZZ51 ZZR", "bd51smr", "BD51 SMR", "bd51 smr", "reg A123 BCD", "A123 BCD", "ABC 123D"),
    "crime number": ("20/123456/26", "20BE/12345A/26", "crime no 12345", "crime ref 06/1234/26", "CR/0123456/26", "13260123456", "0712345/26"),
    "incident log number": ("PS-20260914-1234", "CAD 1234", "log no 12345", "CAD1234/14SEP26", "inc 345 of 14/09/26", "log 0345-140926", "STORM 1234"),
    "passport": ("123456789", "passport 123456789", "passport no X1234567", "PA1234567", "ppt no. 12 345 6789"),
    "card number": ("4111 1111 1111 1111", "4111111111111111", "4111-1111-1111-1111", "3782 822463 10005"),
    "social handle": ("@janedoe_87", "insta: janedoe", "snapchat jane.doe", "ig janedoe87", "fb jane.doe.9", "tiktok @jd"),
    "name with title": ("Mr Zzyxquill", "Mrs Patel", "mr j smith", "MS JONES", "Miss Jane Doe", "Dr. Okafor", "PC 1234 Jones"),
    "full name": ("Jane Doe", "JOHN SMITH", "mohammed iqbal", "Katarzyna Nowak", "Sarah-Jane O'Neill", "Doe, Jane", "Priya R. Sharma"),
    "initials with surname": ("J. Smith", "J Smith", "J.K. Zzyxquill", "A B Patel", "SMITH J", "Jones, P.", "JK Rowley"),
    "next of kin": ("NOK Zzyx", "next of kin: mother Jane", "n.o.k. sister", "mum Susan", "brother Dave", "wife (Sunita)"),
    "web address": ("www.example.org/jane", "https://example.org/u/7", "facebook.com/jane.doe", "example.co.uk", "http://x.example"),
    "coordinates to six places": ("52.585410, -1.982030", "52.585410", "-1.982030 52.585410", "lat 52.58541 lon -1.98203", "412345 281234", "N52 35.1234 W001 58.9218", "SP 01234 98765"),
}  # fmt: skip
