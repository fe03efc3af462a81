//! Tests.
use super::*;
#[test]
fn temporary() {
    for dir in std::fs::read_dir("/root/go/pkg/mod/github.com/anchore/go-rpmdb@v0.2.2/pkg/testdata").unwrap()
    {
        let dir = dir.unwrap().path();
        for file in ["Packages", "Packages.db", "rpmdb.sqlite"] {
            let Ok(bytes) = std::fs::read(dir.join(file)) else { continue };
            let start = std::time::Instant::now();
            let read = read(&bytes);
            let took = start.elapsed();
            match read {
                Ok(all) => {
                    let needs: usize = all.iter().map(|one| one.needs.len()).sum();
                    println!(
                        "{} {file} {} bytes: {} packages {needs} needs {took:?} {:?}",
                        dir.display(),
                        bytes.len(),
                        all.len(),
                        all.first()
                    );
                    let mut list: Vec<String> = all
                        .iter()
                        .map(|one| {
                            format!("{}-{}-{}.{}", one.name, one.version, one.release, one.architecture)
                        })
                        .collect();
                    list.sort();
                    std::fs::write(
                        format!("/tmp/lists/{}.ours", dir.file_name().unwrap().to_str().unwrap()),
                        list.join("\n") + "\n",
                    )
                    .unwrap();
                }
                Err(error) => println!("{} {file}: {error}", dir.display()),
            }
        }
    }
}
